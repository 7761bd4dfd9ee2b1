"""What being stuck with a vendor comes to, and who else there is."""
