"""`python -m engines` fetches what the real engines need, or says in one line what is missing."""

import os
import sys

from engines.jars import jars, java
from stack.engines import EngineError
from support.clocks import ensure_library
from support.engines import KAFKA, MONGO

try:
    if not (os.environ.get(KAFKA) and os.environ.get(MONGO)):
        java()
    if not os.environ.get(KAFKA):
        jars("kafka")
    if not os.environ.get(MONGO):
        jars("documents")
    ensure_library()
except EngineError as error:
    sys.exit(f"the real engines cannot run here: {error}; or name running ones in {KAFKA} and {MONGO}")
except FileNotFoundError as error:
    sys.exit(f"the fault tests cannot run here: {error}")
