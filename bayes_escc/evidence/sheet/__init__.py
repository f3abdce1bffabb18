"""A ward's sheet as it is: read, understood, asked about, and mapped to a table."""
