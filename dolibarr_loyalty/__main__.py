"""`python -m dolibarr_loyalty` is the command `dolibarr-loyalty`."""

from dolibarr_loyalty.cli import main

if __name__ == "__main__":
    main()
