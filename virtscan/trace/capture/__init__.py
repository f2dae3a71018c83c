"""Reading frames: capture files to frames, frames to packets with the state of their checksum."""
