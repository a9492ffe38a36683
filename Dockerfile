# PostgreSQL with call_log_fdw, from these sources alone:
#
#   docker build --build-arg PG_MAJOR=18 -t postgres-call-log .
#   docker run -d -e POSTGRES_PASSWORD=... postgres-call-log
#
# The target "extension" is an image with only the extension, as
# CloudNativePG mounts it: docs/install.md.
ARG PG_MAJOR=18

FROM postgres:${PG_MAJOR} AS build
RUN apt-get update && \
    apt-get install --yes --no-install-recommends \
        gcc libcurl4-openssl-dev libjson-c-dev make pkg-config postgresql-server-dev-${PG_MAJOR}
COPY . /src
RUN make -C /src clean && \
    make -C /src with_llvm=no install DESTDIR=/stage && \
    mkdir -p /extension/lib /extension/share/extension && \
    cp /stage/usr/lib/postgresql/*/lib/call_log_fdw.so /extension/lib && \
    cp /stage/usr/share/postgresql/*/extension/call_log_fdw* /extension/share/extension

# Libraries that the extension needs, for images that lack them
RUN mkdir -p /extension/system && \
    ldd /extension/lib/call_log_fdw.so | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | \
    grep -v -E '/(libc|libm|libresolv|libpthread|libdl)\.so' | xargs cp -L -t /extension/system

FROM scratch AS extension
COPY --from=build /extension /

FROM postgres:${PG_MAJOR}
RUN apt-get update && \
    apt-get install --yes --no-install-recommends ca-certificates libcurl4 libjson-c5 && \
    rm -rf /var/lib/apt/lists/*
COPY --from=build /stage /
