package io.blobstore.bench;

import io.blobstore.split.repository.ComposefsDirectory;
import java.util.List;

/** The commands for the shell that split and merge with this library's command line, in a new process. */
final class SplitCommands {
    /** The JVM options of the {@code blobstore} script for commands that hash. */
    private static final List<String> OPTIONS = List.of("-XX:+UseSerialGC", "-Xshare:auto", "-Dblobstore.progress=off");

    private SplitCommands() {}

    private static String blobstore(String arguments, String repository) {
        String jar = System.getProperty("blobstore.jar", ""); // as the script runs it
        String main = jar.isEmpty()
                ? "-cp '" + System.getProperty("java.class.path") + "' io.blobstore.cli.Main"
                : "-jar '" + jar + "'";
        String locks = ComposefsDirectory.supportsComposefsLocks()
                ? "--enable-native-access=ALL-UNNAMED " + main + " " + arguments
                : main + " " + arguments + " --unlocked";
        return "'" + System.getProperty("java.home") + "/bin/java' " + String.join(" ", OPTIONS) + " " + locks
                + " --store composefs:" + repository + " >/dev/null";
    }

    /** Returns the command that replaces a repository by an empty one. */
    static String create(String repository) {
        return "rm -rf " + repository + " && "
                + blobstore("repo init", repository).replace(" --unlocked", "");
    }

    static String split(String repository, String tar) {
        return blobstore("split " + tar + " --ref bench", repository);
    }

    static String merge(String repository, String target) {
        return blobstore("merge refs/bench " + target, repository);
    }
}
