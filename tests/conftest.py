"""The card's kernels run interpreted here; Triton looks at this when it is first imported."""

import os

os.environ.setdefault("TRITON_INTERPRET", "1")
