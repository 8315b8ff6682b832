"""``python -m oakum``."""

import sys

from oakum.cli.main import main

sys.exit(main())
