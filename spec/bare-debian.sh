#!/bin/bash
# The proof that a stranger needs nothing but git and make: sets up a bare
# Debian 12 in a folder, clones this repository into it and types the two
# commands. Needs root, debootstrap and a Debian mirror.
#
# usage: spec/bare-debian.sh [-k] [-m MIRROR] [-a APT.CONF] [FOLDER]
#   -k           keep FOLDER afterwards; if it exists, start from it as it is
#   -m MIRROR    Debian mirror (default: the one that this machine's apt uses)
#   -a APT.CONF  a file for /etc/apt/apt.conf.d, such as proxy settings
#   FOLDER       where the system is put (a new folder below /tmp)
set -euo pipefail

keep=no aptconf=
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | head -n 1)
while getopts km:a: option; do
  case $option in
    k) keep=yes ;;
    m) mirror=$OPTARG ;;
    a) aptconf=$OPTARG ;;
    *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
root=${1:-$(mktemp -d /tmp/bare-debian.XXXXXX)}
source=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)

cleanup() {
  for mount in dev/shm dev/pts dev proc; do
    mountpoint -q "$root/$mount" && umount "$root/$mount"
  done
  [ $keep = yes ] || rm -rf --one-file-system "$root"
}
trap cleanup EXIT

if [ ! -e "$root/etc/debian_version" ]; then
  debootstrap --variant=minbase --include=git,make,ca-certificates bookworm "$root" "$mirror"
  echo "deb $mirror bookworm main" > "$root/etc/apt/sources.list"
  [ -z "$aptconf" ] || cp "$aptconf" "$root/etc/apt/apt.conf.d/90local"
fi
cp /etc/resolv.conf "$root/etc/resolv.conf"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mount -t devpts devpts "$root/dev/pts" -o newinstance,ptmxmode=0666
mount -t tmpfs tmpfs "$root/dev/shm"

rm -rf "$root/root/nac-lua" "$root/root/source.git"
git clone -q --bare "$source" "$root/root/source.git"

inside() {
  echo "### $*"
  env -i HOME=/root TERM=dumb PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    chroot "$root" /bin/bash -c "cd /root && $*" </dev/null
}
inside "git -c advice.detachedHead=false clone -q source.git nac-lua && cd nac-lua && git log --oneline -1"
inside "cd nac-lua && time make demo"
inside "cd nac-lua && time make test"
echo "### bare Debian: both commands passed"
