"""`python -m virtscan`."""

from virtscan.cli import main

if __name__ == "__main__":
    main()
