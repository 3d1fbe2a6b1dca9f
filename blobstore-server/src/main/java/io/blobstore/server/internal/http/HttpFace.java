package io.blobstore.server.internal.http;

import io.blobstore.server.HttpOptions;
import io.blobstore.server.internal.Face;
import io.blobstore.server.internal.ServerContext;
import java.io.IOException;

public final class HttpFace {
    private HttpFace() {}

    public static Face start(ServerContext context, HttpOptions options) throws IOException {
        throw new UnsupportedOperationException();
    }
}
