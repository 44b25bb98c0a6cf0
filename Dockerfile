# docker build -t appointment .
# docker run -p 8000:8000 -v appointment:/var/lib/appointment -e DEBUG=1 appointment     (a trial; see docs/deployment.md)
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/appointment/.venv
COPY requirements/scaled.txt /tmp/
# Wheels only and each by its hash: nothing is built or run here that was not pinned.
RUN /opt/appointment/.venv/bin/pip install --require-hashes --only-binary :all: -r /tmp/scaled.txt
# Descriptions of every API of Google's (100 MB), of which one is used; and pip, of which nothing is.
RUN cd /opt/appointment/.venv/lib/python3.11/site-packages \
 && find googleapiclient/discovery_cache/documents -type f ! -name calendar.v3.json -delete \
 && /opt/appointment/.venv/bin/pip uninstall --yes --quiet pip setuptools
COPY manage.py LICENSE /opt/appointment/
COPY project /opt/appointment/project
COPY scheduling /opt/appointment/scheduling
COPY sync /opt/appointment/sync
COPY templates /opt/appointment/templates
COPY static /opt/appointment/static
RUN /opt/appointment/.venv/bin/python -m compileall -q -j 0 /opt/appointment

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin appointment \
 && install --directory --owner appointment --group appointment --mode 700 /var/lib/appointment
COPY --from=build /opt/appointment /opt/appointment
ENV PATH=/opt/appointment/.venv/bin:$PATH \
    APPOINTMENT_VAR_DIR=/var/lib/appointment \
    PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=131072
WORKDIR /opt/appointment
USER 10001:10001
VOLUME /var/lib/appointment
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=6s --start-period=60s \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=5)"]
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0", "--no-reload"]
