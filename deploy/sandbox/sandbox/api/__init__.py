"""HTTP: the Graph API on one side, the phones and their controls on the other."""
