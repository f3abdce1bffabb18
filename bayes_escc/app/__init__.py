"""A page on this computer over the same calls as the command line, for those who will not type."""
