package io.blobstore.server.internal.http;

import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpRequest;

/** A request that is refused whoever sends it. */
final class Refusal extends Exchange {
    private final FullHttpResponse response;
    private final boolean unreadable;

    /**
     * Creates the refusal.
     *
     * @param unreadable whether nothing that the client sends after this can be understood
     */
    Refusal(Connection connection, HttpRequest head, FullHttpResponse response, boolean unreadable) {
        super(connection, head);
        this.response = response;
        this.unreadable = unreadable;
    }

    @Override
    boolean isPublic() {
        return true;
    }

    @Override
    void begin() {
        if (unreadable) {
            connection.response().closeAfterwards();
        }
        connection.respond(response);
    }
}
