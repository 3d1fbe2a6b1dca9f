package io.blobstore.cli;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code blobstore delete}. */
@Command(name = "delete", description = "Deletes a blob; succeeds if absent.")
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class DeleteCommand implements Callable<Integer> {
    @Parameters(paramLabel = "KEY", converter = KeyConverter.class, description = "The blob's name.")
    BlobKey key;

    @Mixin
    final StoreOption store = new StoreOption();

    @Mixin
    final OutputOption output = new OutputOption();

    @Override
    public Integer call() throws IOException {
        try (BlobStore target = store.open()) {
            target.delete(key);
            output.print(new Report()
                    .add("key", key.toString(), "deleted", key.toString())
                    .add("store", target.toString()));
        }
        return ExitCode.OK;
    }
}
