package io.blobstore.bench;

import io.blobstore.split.repository.ComposefsDirectory;

/** The commands for the shell that split and merge with this library's command line, in a new process. */
final class SplitCommands {
    /** The property that names the {@code blobstore} script; without it, the command runs with the JVM's defaults. */
    private static final String SCRIPT = "blobstore.command";

    private SplitCommands() {}

    private static String blobstore(String arguments, String repository) {
        String home = System.getProperty("java.home");
        String script = System.getProperty(SCRIPT, "");
        String command = script.isEmpty()
                ? "'" + home + "/bin/java' -cp '" + System.getProperty("java.class.path") + "' io.blobstore.cli.Main"
                : "JAVA_HOME='" + home + "' '" + script + "'";
        return command + " " + arguments + " --store composefs:" + repository + " >/dev/null";
    }

    private static String locks() {
        return ComposefsDirectory.supportsComposefsLocks() ? "" : " --unlocked";
    }

    /** Returns the command that replaces a repository by an empty one. */
    static String create(String repository) {
        return "rm -rf " + repository + " && " + blobstore("repo init", repository);
    }

    static String split(String repository, String tar) {
        return blobstore("split " + tar + " --ref bench" + locks(), repository);
    }

    static String merge(String repository, String target) {
        return blobstore("merge refs/bench " + target + locks(), repository);
    }
}
