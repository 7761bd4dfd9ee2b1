"""The command line: parses options, asks the layers below, renders what they answer. No arithmetic of its own."""
