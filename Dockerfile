# syntax=docker/dockerfile:1
# The image of the presence server: built in one stage, and put with its libraries on a plain Debian in the next.
#
#   docker build -t alo .
#   docker run --rm -p 8080:8080 alo
#
# BASE may name any Debian 12 image. COMMIT is what `alo --version` says (the build context holds no .git).
ARG BASE=debian:12-slim

FROM ${BASE} AS build
WORKDIR /alo
# The packages first: they change seldom, so their layer is kept.
COPY scripts/install-deps scripts/packages.txt scripts/
RUN scripts/install-deps build
# What .dockerignore lets through: the Makefile and the sources, not the tests.
COPY . .
ARG COMMIT
RUN make .bin/alo COMMIT="${COMMIT:-unknown}" && strip --strip-debug .bin/alo

FROM ${BASE}
COPY scripts/install-deps scripts/packages.txt /tmp/
RUN /tmp/install-deps run \
    && rm -rf /tmp/install-deps /tmp/packages.txt /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log \
    && useradd --no-create-home --uid 10001 --shell /usr/sbin/nologin alo
COPY --from=build /alo/.bin/alo /usr/local/bin/alo
COPY scripts/docker-health /usr/local/bin/alo-health
COPY scripts/docker-talk /usr/local/bin/alo-talk
USER 10001:10001
# In a container the way in is the published port, so the server listens on every address of the container's own network.
# The admin interface does not: it stays on loopback inside, where `docker exec` finds it, until ALO_ADMIN_BIND says otherwise.
ENV ALO_BIND=all SERVER_PORT=8080
EXPOSE 8080/tcp 8080/udp
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=5s --retries=3 CMD ["alo-health"]
ENTRYPOINT ["/usr/local/bin/alo"]
