"""Small prediction files as they occur in the wild, and what the tool must do with each."""
