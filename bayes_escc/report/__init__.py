"""An answer as plain data and as text."""
