"""`python -m engines` fetches what the real engines need, or says in one line what is missing."""

import os
import sys

from engines.jars import jars, java
from stack.engines import EngineError
from support.engines import KAFKA, MONGO

try:
    if not (os.environ.get(KAFKA) and os.environ.get(MONGO)):
        java()
    if not os.environ.get(KAFKA):
        jars("kafka")
    if not os.environ.get(MONGO):
        jars("documents")
except EngineError as error:
    sys.exit(f"the real engines cannot run here: {error}; or name running ones in {KAFKA} and {MONGO}")
