"""Ways to run a program, here or by ssh, and to read what a shell probe prints in sections."""
