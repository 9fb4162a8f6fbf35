# What a person runs from a clone or from the tarball.
EXTRA_DIST += contrib/check contrib/try contrib/common.sh contrib/fresh.sh contrib/packages
