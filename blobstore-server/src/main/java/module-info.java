/** A cache server over a content-addressed cache. */
module io.blobstore.server {
    requires transitive io.blobstore.cache;
    requires io.blobstore.zstd;
    requires io.netty.buffer;
    requires io.netty.codec;
    requires io.netty.codec.http;
    requires io.netty.common;
    requires io.netty.handler;
    requires io.netty.transport;
    requires org.slf4j;
    requires at.favre.lib.bcrypt;
    requires static org.jspecify;

    exports io.blobstore.server;
}
