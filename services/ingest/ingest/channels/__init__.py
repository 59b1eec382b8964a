"""A folder for each channel, and what every channel must be able to do (`sender`)."""
