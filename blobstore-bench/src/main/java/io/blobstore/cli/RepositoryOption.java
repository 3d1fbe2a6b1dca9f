package io.blobstore.cli;

import io.blobstore.BlobStore;
import io.blobstore.StoreUri;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.repository.BlobStoreObjects;
import io.blobstore.split.repository.ComposefsDirectory;
import io.blobstore.split.repository.ObjectStore;
import io.blobstore.split.repository.Repository;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that name a repository of split streams. */
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class RepositoryOption {
    private static final String COMPOSEFS = "composefs:";

    @Spec(Spec.Target.MIXEE)
    CommandSpec command;

    @Option(
            names = "--store",
            paramLabel = "URI",
            description = "The repository: a store's URI or name, or composefs:/path for a repository of composefs on"
                    + " disk. Default: that of BLOBSTORE_STORE, or of the configuration file.")
    @Nullable String uri;

    @Option(
            names = "--hash",
            paramLabel = "NAME",
            defaultValue = "sha256",
            description = "The hash function of a repository in a store: sha256 or sha512. Default: ${DEFAULT-VALUE}."
                    + " A repository on disk says it itself.")
    String hash;

    @Option(
            names = "--unlocked",
            description = "Do without the locks of composefs, which this JDK may lack: no cfsctl gc may run meanwhile.")
    boolean unlocked;

    /** An open repository. */
    record Opened(Repository repository, Closeable store) implements Closeable {
        @Override
        public void close() throws IOException {
            try (Closeable ignored = store) {
                repository.objects().close();
            }
        }
    }

    /**
     * Opens the repository.
     *
     * @throws ParameterException if an option is wrong
     * @throws IOException if it cannot be opened
     */
    Opened open() throws IOException {
        StoreAddress address = StoreOption.address(command, uri);
        if (address.uri().startsWith(COMPOSEFS)) {
            ObjectStore objects = ComposefsDirectory.open(
                    path(address),
                    unlocked ? ComposefsDirectory.Locking.JAVA_ONLY : ComposefsDirectory.Locking.COMPOSEFS,
                    ComposefsDirectory.Durability.SYNC);
            return new Opened(Repository.of(objects), () -> {});
        }
        ObjectHash function = hash();
        BlobStore store = StoreOption.open(address, command);
        return new Opened(Repository.of(BlobStoreObjects.of(store, function)), store);
    }

    /** Opens the store that another option of the command names, by URI or name. */
    BlobStore openOther(String value, String optionName) throws IOException {
        StoreAddress address;
        try {
            address = StoreAddress.find(value, optionName, Main.of(command).environment());
        } catch (IllegalArgumentException e) {
            throw wrongUsage(String.valueOf(e.getMessage()));
        }
        return StoreOption.open(address, command);
    }

    /** Creates a repository of composefs, or the directory of a local store. */
    void create() throws IOException {
        StoreAddress address = StoreOption.address(command, uri);
        if (address.uri().startsWith(COMPOSEFS)) {
            ComposefsDirectory.create(path(address), hash());
            return;
        }
        StoreUri store;
        try {
            store = StoreUri.parse(address.uri());
        } catch (IllegalArgumentException e) {
            throw wrongUsage(address.origin() + ": " + e.getMessage());
        }
        if (!store.scheme().equals("file")) {
            throw wrongUsage(
                    address.origin() + ": only composefs:/path and file:/path are created; other stores need nothing");
        }
        StoreOption.open(store.parameters().containsKey("create") ? address : address.with("create=true"), command)
                .close();
    }

    private ObjectHash hash() {
        try {
            return ObjectHash.of(hash);
        } catch (IllegalArgumentException e) {
            throw wrongUsage("--hash: " + e.getMessage());
        }
    }

    private Path path(StoreAddress address) {
        try {
            return Path.of(address.uri().substring(COMPOSEFS.length()));
        } catch (InvalidPathException e) {
            throw wrongUsage(address.origin() + ": " + e.getMessage());
        }
    }

    private ParameterException wrongUsage(String problem) {
        return new ParameterException(command.commandLine(), problem);
    }
}
