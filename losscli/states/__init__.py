"""The sums of a part of the input as a file, and such files joined: what shards write and merge reads."""
