"""What a person can ask for, defined once and offered on every platform."""
