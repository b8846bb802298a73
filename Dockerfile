# Server, registration and worker share this image. It contains no secret: compose
# passes secrets from `.env` to the containers.
FROM python:3.12.12-slim-bookworm AS build
RUN pip install --no-cache-dir uv==0.13.9
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_PROJECT_ENVIRONMENT=/opt/venv \
    UV_PYTHON_DOWNLOADS=never
WORKDIR /app
# This layer of gigabytes changes only with `pyproject.toml`; its bounds and
# `exclude-newer` choose the versions, because no lock file is committed.
COPY pyproject.toml ./
RUN --mount=type=cache,target=/root/.cache/uv uv sync --no-dev --extra dask --extra s3 --no-install-project
# Copies what `.dockerignore` allows.
COPY . .
RUN --mount=type=cache,target=/root/.cache/uv uv sync --no-dev --extra dask --extra s3

FROM python:3.12.12-slim-bookworm
# A new volume gets its owner from the folder that it is mounted on.
RUN useradd --uid 10001 --no-create-home overnight \
    && install --directory --owner=overnight --group=overnight \
        /srv/overnight /srv/huggingface
# LightGBM's wheel needs the system's OpenMP.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
# Only the two folders under /srv and /tmp can be written, and only the two are kept.
# Caches, Prefect's own files and its page, unpacked at the start, go to /tmp.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DO_NOT_TRACK=1 \
    HOME=/tmp \
    PREFECT_HOME=/tmp/prefect \
    PREFECT_SERVER_UI_STATIC_DIRECTORY=/tmp/prefect-ui \
    HF_HOME=/srv/huggingface \
    OVERNIGHT_HOME=/srv/overnight
WORKDIR /app
USER 10001:10001
CMD ["overnight", "--help"]
