"""One module for each way a message leaves the house."""
