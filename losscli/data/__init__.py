"""From names of files to arrays: what is read, in which pieces, and how cells become numbers."""
