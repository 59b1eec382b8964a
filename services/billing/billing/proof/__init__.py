"""What an auditor can work out again from files alone, with nothing running."""
