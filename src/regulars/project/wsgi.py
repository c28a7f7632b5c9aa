"""The WSGI application granian serves."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from regulars.project import collector
from regulars.project.parentage import VARIABLE, end_with_parent

if os.environ.get(VARIABLE) == "1":
    end_with_parent()

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.project.settings")
application = get_wsgi_application()
collector.relax()
