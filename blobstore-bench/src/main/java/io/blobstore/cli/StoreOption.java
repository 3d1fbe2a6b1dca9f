package io.blobstore.cli;

import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import java.io.IOException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The option {@code --store} of every command except the demo. */
final class StoreOption {
    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // set by picocli
    CommandSpec command;

    @Option(
            names = "--store",
            required = true,
            paramLabel = "URI",
            description =
                    "The store's URI, for example file:/var/blobs, or the path of a local directory. Must not contain"
                            + " credentials. A missing directory is created only with file:/var/blobs?create=true.")
    @SuppressWarnings("NullAway.Init") // set by picocli, as it is required
    String uri;

    /**
     * Opens the store.
     *
     * @throws ParameterException if the URI is wrong
     * @throws IOException if the store cannot be opened
     */
    BlobStore open() throws IOException {
        try {
            return BlobStores.open(uri);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), "--store: " + e.getMessage(), e);
        }
    }
}
