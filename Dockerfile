# The agent as an image: what it runs with, and nothing that it is built with.
#
#     docker build --tag weir .
#
# Bases are arguments, so that it can be built from a mirror or from local images. Both must be Debian 12 or later, or
# something like it: apt-get, and libbpf 1.0 or later.
ARG BUILD_BASE=docker.io/library/debian:bookworm-slim
ARG RUNTIME_BASE=docker.io/library/debian:bookworm-slim

# What is built is the same for each architecture: only Deno is another one.
FROM --platform=$BUILDPLATFORM ${BUILD_BASE} AS build
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
RUN apt-get update -q \
 && apt-get install -q -y --no-install-recommends bpftool ca-certificates clang-16 libbpf-dev linux-libc-dev npm \
 && rm -rf /var/lib/apt/lists/*
ARG DENO_VERSION=2.9.5
RUN npm install --global --no-fund --no-audit deno@${DENO_VERSION} \
 && deno --version \
 && npm cache clean --force
WORKDIR /build
COPY deno.json deno.lock build.ts ./
COPY bpf bpf
COPY wasm wasm
COPY tests/bench/conventional.bpf.c tests/bench/
COPY tests/support/stranger.bpf.c tests/support/
RUN deno task build
ARG TARGETARCH
WORKDIR /target
RUN target=${TARGETARCH:-$(dpkg --print-architecture)} \
 && case "${target}" in amd64) arch=x64 ;; arm64) arch=arm64 ;; \
      *) echo "weir runs on amd64 and arm64, not on ${target}" >&2; exit 1 ;; esac \
 && npm pack --silent "@deno/linux-${arch}-glibc@${DENO_VERSION}" \
 && tar -xzf ./*.tgz --strip-components=1 package/deno \
 && chmod 755 deno \
 && rm ./*.tgz \
 && npm cache clean --force
WORKDIR /build
COPY LICENSE ./
COPY packaging/package.ts packaging/
COPY src src
RUN deno task package /opt/weir /target/deno

# of the target, said once more: some builders would go on with the platform of the stage above
# hadolint ignore=DL3029,DL3065
FROM --platform=$TARGETPLATFORM ${RUNTIME_BASE}
RUN apt-get update -q \
 && apt-get install -q -y --no-install-recommends iproute2 libbpf1 wget \
 && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/* \
 && ln -s /opt/weir/bin/weir /usr/local/bin/weir
COPY --from=build /opt/weir /opt/weir
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="weir" \
      org.opencontainers.image.description="Watches every network flow of a Linux host. The books always close." \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0 AND (GPL-2.0-only OR BSD-2-Clause)"
# health, metrics
EXPOSE 8080 10250
ENTRYPOINT ["/opt/weir/bin/weir"]
