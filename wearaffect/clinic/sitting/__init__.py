"""What a sitting is: its protocol, its forms, its people's codes, and the order of its acts."""
