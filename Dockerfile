# The trial monitor in a container: docs/deployment.md tells how to run it.
#
#   docker build --tag trial-monitor .
#
# A mirror or a digest goes in by --build-arg BASE=registry.example/python@sha256:…
ARG BASE=python:3.13-slim-trixie

# --- build: a virtual environment with the locked libraries and the monitor, and nothing else ----
FROM ${BASE} AS build
ENV VENV=/opt/monitor TOOLS=/build/tools WHEELS=/build/wheels
WORKDIR /build

# The libraries come first: this layer stays until the lock changes.
COPY requirements.lock ./
RUN python -m venv --without-pip "$VENV"
RUN python -m pip --python "$VENV/bin/python" install --quiet --no-compile --require-hashes \
    --no-deps --only-binary :all: --requirement requirements.lock

# The build backend alone out of the development lock: it has its hash there, too.
COPY requirements-dev.lock ./
RUN awk '/^[^ #]/ { wanted = /^uv-build==/ } wanted' requirements-dev.lock > build.lock
RUN python -m venv --without-pip "$TOOLS"
RUN python -m pip --python "$TOOLS/bin/python" install --quiet --require-hashes --no-deps \
    --only-binary :all: --requirement build.lock

COPY pyproject.toml README.md LICENSE ./
COPY monitor ./monitor
RUN PATH="$PATH:$TOOLS/bin" python -m pip --python "$TOOLS/bin/python" wheel --quiet --no-deps \
    --no-index --no-build-isolation --wheel-dir "$WHEELS" .
RUN python -m pip --python "$VENV/bin/python" install --quiet --no-compile --no-deps --no-index \
    "$WHEELS"/*.whl

# Compiled here, once: a read-only image cannot keep bytecode, and without it every start would
# compile the libraries anew. "unchecked-hash" holds whatever times the copied files get.
RUN "$VENV/bin/python" -m compileall -q -j 0 --invalidation-mode unchecked-hash "$VENV/lib"

# --- the image -----------------------------------------------------------------------------------
FROM ${BASE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="trial-monitor" \
      org.opencontainers.image.description="Follows clinical-trial registry records, says what each change means and alerts those who asked." \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# The numbers are fixed, so that the owner of a volume stays the same from image to image.
RUN groupadd --system --gid 10001 monitor && \
    useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /srv/monitor \
        --shell /usr/sbin/nologin monitor && \
    install --directory --owner 10001 --group 10001 --mode 0750 /srv/monitor/snapshots

COPY --from=build /opt/monitor /opt/monitor
COPY config/monitor.toml /etc/monitor/monitor.toml

ENV PATH=/opt/monitor/bin:$PATH \
    MONITOR_CONFIG=/etc/monitor/monitor.toml \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

# Relative places in the configuration begin here: sqlite:///snapshots/monitor.db lies on the volume.
WORKDIR /srv/monitor
VOLUME ["/srv/monitor/snapshots"]
USER 10001:10001

STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["monitor", "health"]
ENTRYPOINT ["monitor"]
CMD ["run"]
