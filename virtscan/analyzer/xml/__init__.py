"""Files and documents: untrusted bytes to element trees."""
