"""The WSGI application granian serves."""

from __future__ import annotations

import os

from regulars.project.parentage import end_with_parent

end_with_parent()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.project.settings")

from django.core.wsgi import get_wsgi_application  # noqa: E402  loading it takes long enough to lose a parent
from django.urls import get_resolver  # noqa: E402

from regulars.project import collector  # noqa: E402

application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018  loads every surface now: the first request would wait for it
collector.relax()
