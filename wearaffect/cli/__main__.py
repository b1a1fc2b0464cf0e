"""`python -m wearaffect.cli`."""

from wearaffect.cli.main import main

main()
