# shellcheck shell=bash
# What a relay is deployed with: images that stand in for Caddy's and Postgres'
# own, for the compose file to run with.

: "${scratch:?want a directory for files that go away}"

# libraries ROOT FILE... copies into a root file system what the files load:
# "libz.so => /lib/libz.so (0x…)", and the loader, "/lib64/ld-linux.so (0x…)".
libraries() {
    local root=$1 file
    shift
    ldd "$@" | grep -o '/[^ ]* (0x' | sed 's/ (0x//' | sort -u | while read -r file; do
        install -D "$file" "$root$file"
    done
}

stack_images() {
    debian docker-compose postgresql postgresql-client
    CGO_ENABLED=0 go_tool github.com/caddyserver/caddy/v2/cmd/caddy v2.10.2

    userland "$scratch/caddy" /bin/busybox
    cp "$(command -v caddy)" "$scratch/caddy/usr/bin/"
    tar -C "$scratch/caddy" -c . | docker import \
        -c 'ENV PATH=/bin:/usr/bin XDG_DATA_HOME=/data XDG_CONFIG_HOME=/config' \
        -c 'CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]' \
        - afterdeploy-ci/caddy >/dev/null
    rm -r "$scratch/caddy"

    postgres_image "$scratch/postgres"
    rm -r "$scratch/postgres"
}

# postgres_image ROOT makes a server that takes POSTGRES_USER, POSTGRES_DB and
# POSTGRES_PASSWORD_FILE as the official image does.
postgres_image() {
    local home
    home=$(echo /usr/lib/postgresql/*)
    userland "$1" /bin/busybox
    cp -r --parents "$home"/bin/{initdb,pg_isready,postgres} "$home/lib" /usr/share/postgresql /usr/share/zoneinfo "$1"
    rm -rf "$1$home"/lib/{bitcode,llvmjit*} # half of it, for queries that take seconds
    libraries "$1" "$1$home"/{bin/*,lib/*.so}
    ln -s "$home/bin/pg_isready" "$1/usr/bin/pg_isready"
    echo 'postgres:x:70:70:postgres:/var/lib/postgresql:/bin/sh' >>"$1/etc/passwd"
    echo 'postgres:x:70:' >>"$1/etc/group"
    mkdir -p "$1/run/postgresql" "$1/var/run" "$1/var/lib/postgresql/data"
    ln -s /run/postgresql "$1/var/run/postgresql"
    cat >"$1/bin/serve" <<'END'
#!/bin/sh
set -e
data=/var/lib/postgresql/data
cp "$POSTGRES_PASSWORD_FILE" /tmp/password
chown 70:70 /tmp/password
chmod 0600 /tmp/password
chown 70:70 /run/postgresql $data
if [ ! -s $data/PG_VERSION ]; then
    su postgres -c "$BIN/initdb --pgdata=$data --username=$POSTGRES_USER --pwfile=/tmp/password --auth-host=scram-sha-256 --auth-local=trust --encoding=UTF8 --locale=C"
    echo 'host all all all scram-sha-256' >>$data/pg_hba.conf
    echo "CREATE DATABASE $POSTGRES_DB" | su postgres -c "$BIN/postgres --single -D $data template1"
fi
exec su postgres -c "exec $BIN/postgres -D $data -c listen_addresses='*'"
END
    chmod +x "$1/bin/serve"
    tar -C "$1" -c . | docker import \
        -c "ENV PATH=/bin:/usr/bin BIN=$home/bin" -c 'CMD ["serve"]' \
        - afterdeploy-ci/postgres >/dev/null
}
