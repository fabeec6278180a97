ARG REGISTRY=localhost
FROM ${REGISTRY}/base/busybox:1
ENV SHOP=/var/lib/shop
RUN mkdir -p "$SHOP" && adduser -D -H shop
