# Two stages: build the wheel and its environment, then carry only that environment over.
FROM python:3.11-slim AS build
WORKDIR /src
COPY requirements/run.txt requirements/run.txt
RUN python -m venv /opt/ipguard \
 && /opt/ipguard/bin/pip install --no-cache-dir --require-hashes -r requirements/run.txt
COPY . .
RUN /opt/ipguard/bin/pip install --no-cache-dir --no-deps .

FROM python:3.11-slim
LABEL org.opencontainers.image.title="ipguard" org.opencontainers.image.licenses="Apache-2.0"
# Fonts for reports in Chinese, Japanese and Korean. Add chromium here for browser captures.
RUN apt-get update && apt-get install -y --no-install-recommends fonts-noto-cjk && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 ipguard \
 && useradd --uid 10001 --gid ipguard --no-create-home --shell /usr/sbin/nologin ipguard \
 && install -d -o ipguard -g ipguard -m 0750 /workspace
COPY --from=build /opt/ipguard /opt/ipguard
ENV PATH=/opt/ipguard/bin:$PATH PYTHONUNBUFFERED=1 IPGUARD_WORKSPACE=/workspace
USER ipguard
VOLUME /workspace
EXPOSE 8765
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD \
  ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8765/healthz', timeout=4)"]
# A new workspace is made on first start; the one-time link to the console is in the log.
CMD ["sh", "-c", "[ -f /workspace/ipguard.toml ] || ipguard init /workspace; exec ipguard serve --host 0.0.0.0"]
