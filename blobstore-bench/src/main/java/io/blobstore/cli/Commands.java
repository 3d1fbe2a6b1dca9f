package io.blobstore.cli;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine;

/**
 * The commands by name. Picocli examines all options of a command when it is added, which for all commands takes longer
 * than most of them run: only those are added that an invocation can need.
 */
final class Commands {
    private static final Map<String, Class<?>> BY_NAME = new LinkedHashMap<>(); // in the order of the help text

    static {
        BY_NAME.put("upload", UploadCommand.class);
        BY_NAME.put("download", DownloadCommand.class);
        BY_NAME.put("cat", CatCommand.class);
        BY_NAME.put("stat", StatCommand.class);
        BY_NAME.put("list", ListCommand.class);
        BY_NAME.put("delete", DeleteCommand.class);
        BY_NAME.put("cp", CopyCommand.class);
        BY_NAME.put("sync", SyncCommand.class);
        BY_NAME.put("rm", RemoveCommand.class);
        BY_NAME.put("presign", PresignCommand.class);
        BY_NAME.put("uploads", UploadsCommand.class);
        BY_NAME.put("cache", CacheCommand.class);
        BY_NAME.put("serve", ServeCommand.class);
        BY_NAME.put("split", SplitCommand.class);
        BY_NAME.put("merge", MergeCommand.class);
        BY_NAME.put("split-ls", SplitListCommand.class);
        BY_NAME.put("gc", CollectCommand.class);
        BY_NAME.put("fsck", FsckCommand.class);
        BY_NAME.put("repo", RepositoryCommand.class);
        BY_NAME.put("demo", DemoCommand.class);
        BY_NAME.put("completion", CompletionCommand.class);
    }

    /** Those that compute SHA-256 of content. */
    private static final Set<String> HASHING = Set.of("split", "merge", "fsck");

    private Commands() {}

    /** Returns the class of each command by its name, in the order of the help text. */
    static Map<String, Class<?>> all() {
        return Collections.unmodifiableMap(BY_NAME);
    }

    /** Returns whether the command line names a command that hashes content. */
    static boolean isHashing(String... args) {
        return named(args).filter(HASHING::contains).isPresent();
    }

    /** Adds the command that is named; all of them if none is, for the help text. */
    static void addTo(CommandLine commandLine, String... args) {
        if (List.of(args).equals(List.of("--version"))) {
            return;
        }
        Optional<String> named = named(args);
        Collection<String> added = named.isPresent() ? Set.of(named.get()) : BY_NAME.keySet();
        added.forEach(name -> commandLine.addSubcommand(name, BY_NAME.get(name)));
    }

    /** Returns the first argument that is no option, if it is a command: options before it have no values. */
    private static Optional<String> named(String... args) {
        for (String arg : args) {
            if (!arg.startsWith("-")) {
                return Optional.of(arg).filter(BY_NAME::containsKey);
            }
        }
        return Optional.empty();
    }
}
