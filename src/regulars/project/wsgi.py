"""The WSGI application granian serves."""

from __future__ import annotations

import os

from regulars.project.parentage import end_with_parent

end_with_parent()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.project.settings")

from django.core.wsgi import get_wsgi_application  # noqa: E402  loading it takes long enough to lose a parent

from regulars.project import collector  # noqa: E402

application = get_wsgi_application()
collector.relax()
