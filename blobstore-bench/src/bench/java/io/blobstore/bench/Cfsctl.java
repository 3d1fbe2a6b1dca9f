package io.blobstore.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The program of composefs-rs that keeps split streams on disk: its commands for the shell, where it is installed. */
final class Cfsctl {
    /** Its name in results. */
    static final String NAME = "cfsctl";

    /** The environment variable that names the program. */
    static final String VARIABLE = "BLOBSTORE_TEST_CFSCTL";
    /** Where it is installed otherwise, below the user's home directory. */
    static final String CACHED = ".cache/blobstore/cfsctl-0.9.4/bin/cfsctl";

    private Cfsctl() {}

    private static Optional<Path> program() {
        String named = System.getenv(VARIABLE);
        Path program = Path.of(named == null ? System.getProperty("user.home") + "/" + CACHED : named);
        return Files.isExecutable(program) ? Optional.of(program) : Optional.empty();
    }

    /** Returns the alternative of some of its commands, as {@code $cfsctl}. */
    static Alternative alternative(String title, String once, String before, String command) {
        return program()
                .map(program -> {
                    String set = "cfsctl='" + program + "'; ";
                    return new Alternative(
                            NAME, title, new Alternative.Commands(set + once, set + before, set + command));
                })
                .orElseGet(() -> new Alternative(
                        NAME, title, new Alternative.Missing("no cfsctl, see ./benchmark split --help")));
    }

    /** Returns the command that replaces a repository by an empty one. */
    static String create(String repository) {
        return "rm -rf " + repository + " && \"$cfsctl\" init --insecure --algorithm fsverity-sha256-12 " + repository
                + " >/dev/null";
    }

    /** Returns the command that imports an archive, in any case: it is given a name that it never had. */
    static String split(String repository, String tar) {
        return "\"$cfsctl\" --repo " + repository
                + " oci import-layer sha256:$(head -c 32 /dev/urandom | od -An -v -tx1" + " | tr -d ' \\n') bench <"
                + tar + " >/dev/null";
    }

    /** Returns the command that writes what was imported. */
    static String merge(String repository, String target) {
        return "\"$cfsctl\" --repo " + repository + " cat refs/bench >" + target;
    }
}
