"""Builds the documentation: ``sphinx-build -W -n docs build/docs``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import api_pages
from sphinx.application import Sphinx

import qiskit_rest_primitives

project = "qiskit-rest-primitives"
author = "the authors of qiskit-rest-primitives"
copyright = author  # noqa: A001 - the name that Sphinx reads
release = version = qiskit_rest_primitives.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "qiskit_sphinx_theme",
]
exclude_patterns = ["images"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
# Parts of README and CONTRIBUTING start at their own level; Pygments does not know OpenQASM.
suppress_warnings = ["myst.header", "misc.highlighting_failure"]

autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_type_aliases = {name: name for name in ("SamplerPubLike", "EstimatorPubLike")}
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
# Methods of bases of this package are shown, those of Qiskit's and Python's are not.
FOREIGN_BASES = (
    "BasePrimitiveJob, JobV1, BaseSamplerV2, BaseEstimatorV2, BackendV2, Generic, QiskitError, "
    "BaseException, JSONEncoder, JSONDecoder, Struct, tuple, object"
)
autodoc_default_options = {"members": True, "inherited-members": FOREIGN_BASES}
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
default_role = "py:obj"
# Quotation marks in tables of options are Python's: they are copied.
smartquotes = False
# Annotations name classes of other packages, and of this one's inside, which have no page here.
nitpick_ignore_regex = [(r"py:.*", r".*")]

html_theme = "qiskit-ecosystem"
html_title = f"{project} {release}"
html_static_path = ["images"]
html_show_sphinx = False
pygments_style = "tango"
pygments_dark_style = "a11y-high-contrast-dark"
templates_path: list[str] = []


def setup(app: Sphinx) -> None:
    """Writes the pages of the API before Sphinx lists the sources."""
    api_pages.write(Path(__file__).parent / "api")
    # Napoleon has the priority 500.
    app.connect("autodoc-process-docstring", api_pages.before_napoleon, priority=400)
    app.connect("autodoc-process-docstring", api_pages.after_napoleon, priority=600)
    app.connect("autodoc-process-signature", api_pages.shorten_aliases)
