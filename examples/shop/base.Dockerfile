ARG REGISTRY=localhost
FROM ${REGISTRY}/base/busybox:1
ENV SHOP=/var/lib/shop
RUN mkdir -p "$SHOP" && echo 'shop:x:2000:2000::/:/bin/false' >> /etc/passwd
