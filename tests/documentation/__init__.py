"""What the documents say, and what the program says of itself, in the same form."""
