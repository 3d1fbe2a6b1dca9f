package io.blobstore.server.internal.http;

import io.blobstore.server.internal.Access;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpRequest;

/** One request and its response. Used by the event loop of its connection only. */
abstract class Exchange {
    final Connection connection;
    final HttpRequest head;

    Exchange(Connection connection, HttpRequest head) {
        this.connection = connection;
        this.head = head;
    }

    /** Returns what the request does, as far as access control is concerned. */
    Access access() {
        return Access.READ;
    }

    /** Returns whether everyone may do this. */
    boolean isPublic() {
        return false;
    }

    /** Begins, when it is known that the client may do this. */
    abstract void begin();

    /** Takes a piece of the request's body, to be released. */
    void content(ByteBuf content) {
        content.release();
    }

    /** Tells that the request's body is complete. */
    void contentEnded() {}

    /** Returns whether more of the request's body may be read now, before the response. */
    boolean wantsContent() {
        return false;
    }

    /** Releases everything: the connection was closed before the response was complete. */
    void abort() {}
}
