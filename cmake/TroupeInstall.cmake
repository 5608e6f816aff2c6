# cmake --install: the libraries with headers and a CMake package, the `troupe` command, and a .deb by CPack.
